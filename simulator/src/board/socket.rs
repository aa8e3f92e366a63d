//! Boards behind a socket: Modbus TCP, or serial frames as a serial server carries them; several units behind one address.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::bytes::{serial_frame, serial_request, socket_frame, socket_request};
use super::cabinet::Cabinet;

/// How often the threads look whether to stop.
const LOOK: Duration = Duration::from_millis(10);

/// What goes over a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Modbus TCP.
    Tcp,
    /// Serial frames, checksum and all.
    Serial,
}

/// A listening address; dropping it ends every connection.
#[derive(Debug)]
pub struct Socket {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Socket {
    /// Listens for the boards; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address can't be had.
    pub fn listen(address: SocketAddr, carries: Carries, cabinets: Vec<Cabinet>) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let accept = move || accept(&listener, carries, &cabinets, &stopped);
        let thread = std::thread::Builder::new().name("board".to_owned()).spawn(accept)?;
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn accept(listener: &TcpListener, carries: Carries, cabinets: &[Cabinet], stop: &Arc<AtomicBool>) {
    let mut talks = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((stream, _)) if cabinets.iter().any(Cabinet::welcomes) => {
                let (cabinets, stop) = (cabinets.to_vec(), Arc::clone(stop));
                talks.push(std::thread::spawn(move || drop(talk(stream, carries, &cabinets, &stop))));
            }
            Ok((stream, _)) => drop(stream),
            Err(_) => std::thread::sleep(LOOK),
        }
    }
    for talk in talks {
        drop(talk.join());
    }
}

fn talk(mut stream: TcpStream, carries: Carries, cabinets: &[Cabinet], stop: &AtomicBool) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LOOK))?;
    let (mut came, mut bytes) = (Vec::new(), [0_u8; 256]);
    while !stop.load(Ordering::Relaxed) && cabinets.iter().any(Cabinet::is_powered) {
        match stream.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(count) => came.extend_from_slice(&bytes[..count]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        while let Some((transaction, unit, pdu)) = request(carries, &mut came) {
            let Some(cabinet) = cabinets.iter().find(|cabinet| cabinet.unit() == unit) else { continue };
            let reply = cabinet.answer(&pdu);
            let Some(pdu) = reply.pdu else { continue };
            std::thread::sleep(reply.after);
            let frame = match carries {
                // A late answer of a transaction that nobody waits for comes before the right one.
                Carries::Tcp if reply.noise => {
                    [socket_frame([0xDE, 0xAD], unit, &pdu), socket_frame(transaction, unit, &pdu)].concat()
                }
                Carries::Tcp => socket_frame(transaction, unit, &pdu),
                Carries::Serial => serial_frame(unit, &pdu),
            };
            stream.write_all(&frame)?;
        }
    }
    Ok(())
}

fn request(carries: Carries, came: &mut Vec<u8>) -> Option<([u8; 2], u8, Vec<u8>)> {
    match carries {
        Carries::Tcp => socket_request(came),
        Carries::Serial => serial_request(came).map(|(unit, pdu)| ([0, 0], unit, pdu)),
    }
}
