//! Pipeline files: parse, check, compile.
