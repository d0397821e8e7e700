//! Store facts through the formulas into rows.
