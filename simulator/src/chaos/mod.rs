//! Trouble between an MQTT client and its broker: a proxy on loopback that knows where packets begin and end.
//!
//! ```text
//!  client ─▶ accept ─▶ packet by packet: dice of the plan, or what a test orders ─▶ broker
//!         ◀──────────────────────────── the same the other way ◀────────────────
//! ```
//!
//! It makes only what networks and brokers make: TCP loses no single packet, so loss is a cut with packets in flight;
//! a duplicate is a packet marked as sent before, whose second answer is swallowed; order changes only from one
//! connection to the next; delay is a stall of one direction; a half-open connection is silence in both.

mod packet;
mod plan;
mod pump;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use packet::{Broken, Kind, Packet};
pub use plan::{Dice, Fate, NoPlan, Plan};

/// Connections whose instants are remembered.
const CONNECTIONS_REMEMBERED: usize = 100_000;

/// Which way a packet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// To the broker.
    Up,
    /// To the client.
    Down,
}

/// What a test orders for packets that it names; the dice have no say in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The packet is swallowed: no network does that, a broken broker may.
    Swallow,
    /// It comes twice.
    Double,
    /// The connection is cut instead.
    Cut,
    /// The last subscription is refused in this answer.
    RefuseTheLast,
}

/// Packets that an order is for.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Which way.
    pub way: Way,
    /// Of which kind.
    pub kind: Kind,
    /// Only publishes on topics that end so; empty is all.
    pub topic_ends: String,
    /// For so many packets.
    pub times: u32,
    /// What becomes of them.
    pub order: Order,
}

/// What may flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Flow {
    up_stopped: bool,
    down_stopped: bool,
    /// Grows with each cut: a connection that is older ends.
    cuts: u64,
    refusing: bool,
}

/// What came by.
#[derive(Debug, Clone, Default)]
pub struct Count {
    /// When connections were accepted.
    pub accepted: Vec<Instant>,
    /// Connections that were cut.
    pub cut: u64,
    /// Publishes that came twice.
    pub doubled: u64,
    /// Packets that waited.
    pub stalled: u64,
    /// Times that both ways fell silent.
    pub silences: u64,
    /// Packets of each way.
    pub packets: [u64; 2],
    /// Publishes with quality of service 1 that were marked as sent before, each way.
    pub marked_again: [u64; 2],
}

#[derive(Debug)]
struct Shared {
    plan: Mutex<Plan>,
    seed: u64,
    rules: Mutex<Vec<Rule>>,
    flow: watch::Sender<Flow>,
    count: Mutex<Count>,
}

impl Shared {
    fn count(&self) -> std::sync::MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plan(&self) -> Plan {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a test ordered for this packet.
    fn ordered(&self, way: Way, packet: &Packet) -> Option<Order> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |rule: &Rule| {
            rule.times > 0
                && rule.way == way
                && rule.kind == packet.kind()
                && (rule.topic_ends.is_empty() || packet.topic().is_some_and(|topic| topic.ends_with(&rule.topic_ends)))
        };
        let rule = rules.iter_mut().find(|rule| fits(rule))?;
        rule.times -= 1;
        Some(rule.order)
    }
}

/// A running proxy; it ends, and its connections with it, when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Listens on `listen` and carries what comes to `broker`.
    ///
    /// # Errors
    /// When the address can't be listened on.
    pub async fn start(listen: SocketAddr, broker: SocketAddr, seed: u64, plan: Plan) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            plan: Mutex::new(plan),
            seed,
            rules: Mutex::default(),
            flow: watch::Sender::new(Flow::default()),
            count: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, broker, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Throws by other rates from here on.
    pub fn set_plan(&self, plan: Plan) {
        *self.shared.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    /// Orders something for the packets that the rule names.
    pub fn order(&self, rule: Rule) {
        self.shared.rules.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        self.shared.flow.send_modify(|flow| flow.cuts += 1);
    }

    /// Stops one way, of these connections and of those to come.
    pub fn stop(&self, way: Way) {
        self.set_stopped(way, true);
    }

    /// Lets one way flow again.
    pub fn flow(&self, way: Way) {
        self.set_stopped(way, false);
    }

    fn set_stopped(&self, way: Way, stopped: bool) {
        self.shared.flow.send_modify(|flow| match way {
            Way::Up => flow.up_stopped = stopped,
            Way::Down => flow.down_stopped = stopped,
        });
    }

    /// Closes each new connection at once, as a port that nobody listens on does.
    pub fn refuse(&self) {
        self.shared.flow.send_modify(|flow| {
            flow.refusing = true;
            flow.cuts += 1;
        });
    }

    /// Takes connections again.
    pub fn welcome(&self) {
        self.shared.flow.send_modify(|flow| flow.refusing = false);
    }

    /// What came by until now.
    #[must_use]
    pub fn count(&self) -> Count {
        self.shared.count().clone()
    }

    /// Connections accepted until now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.count().accepted.len()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, broker: SocketAddr, shared: Arc<Shared>) {
    let mut number = 0;
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // Out of descriptors: a moment later there may be some.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        {
            let mut count = shared.count();
            if count.accepted.len() < CONNECTIONS_REMEMBERED {
                count.accepted.push(Instant::now());
            }
        }
        if shared.flow.borrow().refusing {
            continue;
        }
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // Without a broker the client sees its connection end, as it would without the proxy.
            if let Ok(server) = TcpStream::connect(broker).await {
                pump::carry(client, server, number, &shared).await;
            }
        });
        number += 1;
    }
}
