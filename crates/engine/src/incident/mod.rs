//! An incident's life: opened at once, kept true as its episodes change, told with restraint, restored by what its
//! alerts say, resolved by quiet or by a person.
//!
//! [`membership`] moves episodes in and out, [`facts`] reads what they say together, [`settle`] makes the incident
//! agree with that, [`priority`] says how urgent it is, [`life`] takes its steps by the clock, [`actions`] those a
//! person asks for ([`past`] of what is long over), [`review`] keeps what they learnt, [`tell`] says what leaves, [`storm`] puts one in front of many.

pub(crate) mod actions;
pub(crate) mod allowed;
pub(crate) mod facts;
pub(crate) mod impact;
pub(crate) mod life;
pub(crate) mod membership;
pub(crate) mod open;
mod past;
pub(crate) mod priority;
pub(crate) mod review;
pub(crate) mod settle;
pub(crate) mod storm;
pub(crate) mod taken_out;
pub(crate) mod tell;
pub(crate) mod title;
