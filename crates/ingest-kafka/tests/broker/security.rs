//! Who we are to the broker, and who it is to us: TLS, and SASL by every mechanism that librdkafka has a user for.
//!
//! Without the feature `tls` only what needs no OpenSSL runs, and the rest says so.
