//! The formulas of service-levels.md, from where intervals exist.
