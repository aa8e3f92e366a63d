//! One connection: packets one after the other, each way in its own task.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::{Dice, Fate, Flow, Kind, Order, Packet, Shared, Way};

/// Answers that are to be swallowed, by the way of the publish that was doubled and its id.
type Doubled = Arc<Mutex<BTreeMap<(Way, u16), u32>>>;

/// Carries until either side ends, or the connection is cut.
pub(super) async fn carry(client: TcpStream, server: TcpStream, number: u64, shared: &Arc<Shared>) {
    // An answer that waited for Nagle would look like our stall.
    if client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).is_err() {
        return;
    }
    let doubled = Doubled::default();
    let (silent, silence) = watch::channel(None);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let pump = |way: Way, from, to| {
        let direction = if way == Way::Up { 0 } else { 1 };
        let dice = Dice::new(shared.seed, number, direction);
        let cuts = shared.flow.borrow().cuts;
        let (shared, doubled) = (Arc::clone(shared), Arc::clone(&doubled));
        let (silent, silence) = (silent.clone(), silence.clone());
        Pump { way, dice, shared, doubled, silent, silence, cuts, from, to }.run()
    };
    // Whichever way ends takes the other one along: both halves are dropped, and both sides see the end.
    tokio::select! {
        _ = pump(Way::Up, from_client, to_server) => {}
        _ = pump(Way::Down, from_server, to_client) => {}
    }
}

struct Pump {
    way: Way,
    dice: Dice,
    shared: Arc<Shared>,
    doubled: Doubled,
    silent: watch::Sender<Option<Instant>>,
    silence: watch::Receiver<Option<Instant>>,
    cuts: u64,
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
}

impl Pump {
    async fn run(mut self) -> io::Result<()> {
        let (mut buffer, mut chunk) = (Vec::new(), vec![0_u8; 16 * 1024]);
        loop {
            while let Some(packet) = Packet::take(&mut buffer).map_err(io::Error::other)? {
                self.take(&packet).await?;
            }
            let (cuts, mut flow, mut silence) = (self.cuts, self.shared.flow.subscribe(), self.silence.clone());
            // What ends a wait is looked at anew: a guard must not outlive it.
            let is_cut = async { flow.wait_for(|flow| flow.cuts > cuts).await.is_ok() };
            let is_silent = async { silence.wait_for(Option::is_some).await.is_ok() };
            let read = tokio::select! {
                read = self.from.read(&mut chunk) => Some(read?),
                true = is_cut => return self.cut(),
                true = is_silent => None,
            };
            let Some(read) = read else {
                self.may_flow().await?;
                continue;
            };
            if read == 0 {
                return Ok(());
            }
            buffer.extend(&chunk[..read]);
        }
    }

    async fn take(&mut self, packet: &Packet) -> io::Result<()> {
        self.may_flow().await?;
        self.note(packet);
        if self.is_a_second_answer(packet) {
            return Ok(());
        }
        match self.shared.ordered(self.way, packet) {
            Some(Order::Swallow) => return Ok(()),
            Some(Order::Cut) => return self.cut(),
            Some(Order::Double) => return self.double(packet).await,
            Some(Order::RefuseTheLast) => return self.send(&packet.refusing_the_last()).await,
            None => {}
        }
        // A connection that never comes to be shows nothing but the back-off, which has a test of its own.
        let fate = match packet.kind() {
            Kind::Connect | Kind::Connack | Kind::Subscribe | Kind::Suback => Fate::Passes,
            Kind::Publish | Kind::Puback | Kind::Pingreq | Kind::Pingresp | Kind::Disconnect | Kind::Other => {
                self.dice.fate(&self.shared.plan())
            }
        };
        match fate {
            Fate::Passes => self.send(packet).await,
            Fate::Doubled => self.double(packet).await,
            Fate::Cut => self.cut(),
            Fate::Waits(time) => {
                self.shared.count().stalled += 1;
                self.wait_until(Instant::now() + time).await?;
                self.send(packet).await
            }
            Fate::Silence(time) => {
                self.shared.count().silences += 1;
                self.silent.send_replace(Some(Instant::now() + time));
                self.may_flow().await
            }
        }
    }

    fn note(&self, packet: &Packet) {
        let way = if self.way == Way::Up { 0 } else { 1 };
        let mut count = self.shared.count();
        count.packets[way] += 1;
        if packet.is_at_least_once() && packet.bytes()[0] & 8 != 0 {
            count.marked_again[way] += 1;
        }
    }

    fn cut<T>(&self) -> io::Result<T> {
        self.shared.count().cut += 1;
        Err(io::ErrorKind::ConnectionReset.into())
    }

    async fn send(&mut self, packet: &Packet) -> io::Result<()> {
        self.to.write_all(&packet.bytes()).await
    }

    async fn double(&mut self, packet: &Packet) -> io::Result<()> {
        self.send(packet).await?;
        let Some(id) = packet.id().filter(|_| packet.is_at_least_once()) else { return Ok(()) };
        self.shared.count().doubled += 1;
        *self.doubled.lock().unwrap_or_else(PoisonError::into_inner).entry((self.way, id)).or_default() += 1;
        self.send(&packet.again()).await
    }

    /// The sender of a doubled publish knows of one, and gets one answer.
    fn is_a_second_answer(&self, packet: &Packet) -> bool {
        let Some(id) = packet.id().filter(|_| packet.kind() == Kind::Puback) else { return false };
        let of = if self.way == Way::Up { Way::Down } else { Way::Up };
        let mut doubled = self.doubled.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = doubled.get_mut(&(of, id)) else { return false };
        *count -= 1;
        if *count == 0 {
            doubled.remove(&(of, id));
        }
        true
    }

    /// Waits while this way is stopped; ends when the connection is cut, or its silence is over.
    async fn may_flow(&self) -> io::Result<()> {
        let is_open = |flow: &Flow| match self.way {
            Way::Up => !flow.up_stopped,
            Way::Down => !flow.down_stopped,
        };
        let mut flow = self.shared.flow.subscribe();
        let cuts = flow.wait_for(|flow| flow.cuts > self.cuts || is_open(flow)).await.map(|flow| flow.cuts);
        if cuts.map_err(io::Error::other)? > self.cuts {
            return self.cut();
        }
        let silent_until = *self.silence.borrow();
        match silent_until {
            Some(end) => {
                self.wait_until(end).await?;
                self.cut()
            }
            None => Ok(()),
        }
    }

    /// Waits; a cut ends it.
    async fn wait_until(&self, end: Instant) -> io::Result<()> {
        let mut flow = self.shared.flow.subscribe();
        tokio::select! {
            () = sleep_until(end) => Ok(()),
            true = async { flow.wait_for(|flow| flow.cuts > self.cuts).await.is_ok() } => self.cut(),
        }
    }
}
