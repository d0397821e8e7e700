//! Engine processes: shipped machines, one for each partition that a process has. They die, are taken over from while
//! they hang, and go on when they wake up, to no avail; commits fail, or land and nothing is heard of them.

use std::collections::VecDeque;

use model::Timestamp;
use runtime::intake::IntakeLimits;
use runtime::{Effect, Event, Item, Logged, Machine, Overload, Push, PushAnswer, PushId, RecordAt, SlotName};
use store::{Commit, Fault, Memory, Partition, PositionAdvance, Store, ready};

use super::{GroupMutant, PARTITIONS, World, home, said};

/// A process's machine for a partition.
struct Engine {
    partition: u32,
    store: Store,
    machine: Machine,
    commits: VecDeque<Commit>,
    loads: bool,
    /// Where it reads on; `None`: the machine says.
    next: Option<u64>,
    pushes: u64,
    under_way: usize,
    /// It was fenced, or told to stop.
    ended: bool,
}

pub(super) struct Engines {
    /// Whose each partition is.
    owners: Vec<Engine>,
    /// Those that were taken over from and do not know it.
    zombies: Vec<Engine>,
}

impl Engines {
    pub(super) fn new(world: &mut World) -> Engines {
        let owners = (0..PARTITIONS).map(|partition| Engine::start(&world.memory, partition)).collect();
        Engines { owners, zombies: Vec::new() }
    }

    pub(super) fn calm(&mut self, world: &mut World) {
        self.zombies.clear();
        for engine in &mut self.owners {
            *engine = Engine::start(&world.memory, engine.partition);
        }
    }

    /// Everything in the log is decided and committed.
    pub(super) fn are_done(&mut self, world: &World) -> bool {
        self.owners.iter().all(|engine| {
            let end = world.kafka.read(engine.partition as usize, 0, false).1;
            engine.position() == Some(end)
                && engine.commits.is_empty()
                && end == world.kafka.end(engine.partition as usize)
        })
    }

    pub(super) fn act(&mut self, world: &mut World) {
        if !world.calm && world.random.chance(40) {
            return self.strike(world);
        }
        if !self.zombies.is_empty() && world.random.chance(200) {
            let nth = world.random.below(self.zombies.len());
            let zombie = &mut self.zombies[nth];
            zombie.act(world, true);
            if zombie.ended {
                world.path("a zombie is fenced");
                self.zombies.remove(nth);
            }
            return;
        }
        let nth = world.random.below(self.owners.len());
        let engine = &mut self.owners[nth];
        engine.act(world, false);
        if engine.ended {
            *engine = Engine::start(&world.memory, engine.partition);
        }
    }

    /// A partition is another's: the one that had it died, or hangs.
    fn strike(&mut self, world: &mut World) {
        let nth = world.random.below(self.owners.len());
        let before = std::mem::replace(&mut self.owners[nth], Engine::start(&world.memory, nth as u32));
        if world.random.chance(600) {
            world.path("an engine hangs");
            self.zombies.push(before);
        } else {
            world.path("an engine dies");
        }
    }
}

impl Engine {
    fn start(memory: &Memory, partition: u32) -> Engine {
        let store = memory.store().for_partition(Partition::nth(partition).expect("there are few"));
        let machine = Machine::new(said::policy(), IntakeLimits::default()).that_follows(home(partition));
        Engine {
            partition,
            store,
            machine,
            commits: VecDeque::new(),
            loads: true,
            next: None,
            pushes: 0,
            under_way: 0,
            ended: false,
        }
    }

    fn slot(&self) -> SlotName {
        format!("kafka/watchfire.events/-/{}", self.partition).into()
    }

    fn position(&self) -> Option<u64> {
        self.machine.positions().map(|positions| positions.get(&self.slot()).copied().unwrap_or(0))
    }

    fn act(&mut self, world: &mut World, zombie: bool) {
        // One that hangs has no more of its claim than what it had: it is loaded anew only by whoever starts it.
        if self.loads && zombie {
            self.ended = true;
        } else if self.loads {
            self.load(world);
        } else if !self.commits.is_empty() && world.random.chance(600) {
            self.land(world);
        } else {
            self.read(world);
        }
    }

    fn load(&mut self, world: &mut World) {
        self.loads = false;
        let (Ok(epoch), Ok(mut loaded)) = (ready(self.store.claim()), ready(self.store.load())) else { return };
        if world.mutant == Some(GroupMutant::ForgetPositions) {
            loaded.positions.clear();
        }
        if world.mutant == Some(GroupMutant::ForgetFacts)
            && let Some(known) = loaded.domains.get_mut(&home(self.partition))
        {
            known.silences.clear();
            known.maintenance.clear();
            known.changes.clear();
        }
        self.next = None;
        self.feed(world, Event::Loaded(Box::new(loaded), epoch));
    }

    /// Some of what can be read from where it is.
    fn read(&mut self, world: &mut World) {
        if self.under_way > 1 {
            return;
        }
        let Some(from) = self.next.or_else(|| self.position()) else { return };
        let uncommitted = world.mutant == Some(GroupMutant::ReadUncommitted);
        let (mut read, mut to) = world.kafka.read(self.partition as usize, from, uncommitted);
        let most = *world.random.pick(&[1, 4, 40]);
        let portion = 1 + world.random.below(most);
        if read.len() > portion {
            to = read[portion].0;
            read.truncate(portion);
        }
        if to == from {
            return;
        }
        let slot = self.slot();
        let is_known = self.machine.positions().is_some_and(|known| known.contains_key(&slot));
        let records: Vec<(Timestamp, Vec<Item>)> = read.into_iter().map(|(_, record)| record).collect();
        let begins = if is_known { Vec::new() } else { vec![slot.clone()] };
        let push = push_of(PushId(self.pushes), PositionAdvance::new(slot, from, to), begins, &records);
        self.pushes += 1;
        self.under_way += 1;
        self.next = Some(to);
        self.feed(world, Event::Push(push));
    }

    fn land(&mut self, world: &mut World) {
        let Some(mut commit) = self.commits.pop_front() else { return };
        if !world.calm && world.random.chance(150) {
            let fault = *world.random.pick(&[Fault::Before, Fault::After, Fault::Full]);
            world.path(match fault {
                Fault::Before => "a commit fails",
                Fault::After => "a commit of which nothing is heard",
                Fault::Full => "a full disk",
            });
            world.memory.fail_next(fault);
        }
        if world.mutant == Some(GroupMutant::NoFence)
            && let Ok(loaded) = ready(self.store.load())
        {
            (commit.epoch, commit.previous) = (loaded.epoch, loaded.last_hash);
            // It begins wherever the store is by now.
            for advance in &mut commit.positions {
                advance.from = loaded.positions.get(&advance.slot).copied().unwrap_or(advance.from);
                advance.to = advance.to.max(advance.from);
            }
        }
        let result = ready(self.store.commit(commit));
        self.feed(world, Event::Committed(Box::new(result)));
    }

    fn feed(&mut self, world: &mut World, event: Event) {
        for effect in self.machine.on(event, world.now) {
            match effect {
                Effect::Commit(commit) => self.commits.push_back(*commit),
                Effect::Load { .. } => self.loads = true,
                Effect::Answer(_, answer) => {
                    self.under_way = self.under_way.saturating_sub(1);
                    // It is read again from where the store is.
                    if matches!(answer, PushAnswer::Overloaded(why) if why != Overload::Stopping) {
                        self.next = None;
                    }
                }
                Effect::Fatal(_) | Effect::Stopped => self.ended = true,
                Effect::Publish(_) | Effect::LoadFacts(_) => {}
            }
        }
    }
}

fn push_of(id: PushId, advance: PositionAdvance, begins: Vec<SlotName>, records: &[(Timestamp, Vec<Item>)]) -> Push {
    let logged = Logged {
        positions: vec![advance],
        begins,
        records: records.iter().map(|(at, items)| RecordAt::new(*at, items.len())).collect(),
        ..Logged::default()
    };
    let items = records.iter().flat_map(|(_, items)| items.clone()).collect();
    Push { id, items, bytes: 1, idempotency_key: None, logged: Some(Box::new(logged)) }
}

/// One engine that nothing disturbs reads it all at once.
pub(super) fn follow_alone(memory: &Memory, partition: u32, log: &[(Timestamp, Vec<Item>)]) {
    let mut engine = Engine::start(memory, partition);
    let epoch = ready(engine.store.claim()).expect("nobody else writes it");
    let loaded = ready(engine.store.load()).expect("it is in memory");
    let slot = engine.slot();
    let advance = PositionAdvance::new(slot.clone(), 0, log.len() as u64);
    let events = [Event::Loaded(Box::new(loaded), epoch), Event::Push(push_of(PushId(0), advance, vec![slot], log))];
    for event in events {
        for effect in engine.machine.on(event, Timestamp::EPOCH) {
            if let Effect::Commit(commit) = effect {
                ready(engine.store.commit(*commit)).expect("nothing goes wrong");
            }
        }
    }
}
