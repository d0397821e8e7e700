//! Recorded events through the very engine that runs live: replay, cases, scores.
