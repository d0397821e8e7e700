//! Runs the engine: intake, decide thread, committer, acknowledgements, recovery, live view.
