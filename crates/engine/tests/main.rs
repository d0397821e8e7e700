//! The engine from outside: cases as data, properties against slow oracles, invariants after every step.

#![expect(clippy::disallowed_methods, reason = "tests read their cases and their budget; the engine reads nothing")]

mod bounds;
mod budget;
mod cases;
mod corrections;
mod evidence;
mod invariants;
mod lives;
mod mortal;
mod naming;
mod nearest;
mod past;
mod person;
mod policy;
mod report;
mod rows;
mod script;
mod statements;
mod states;
mod sweeps;
mod tenants;
mod timelines;
mod world;
