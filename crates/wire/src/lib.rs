//! Bytes to model and back, one module per format.
