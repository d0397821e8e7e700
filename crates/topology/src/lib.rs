//! The CMDB as an immutable, versioned graph, and the one roll-up of states.
