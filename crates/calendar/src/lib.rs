//! Agreed hours, holidays and time zones.
