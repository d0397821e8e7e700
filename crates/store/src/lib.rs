//! The only crate that knows SQL: commit, load, read, migrations.
