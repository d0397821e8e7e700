//! Decides: given state, a batch of inputs and now, returns decisions.
