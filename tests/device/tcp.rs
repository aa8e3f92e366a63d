//! The same bytes over TCP, from a serial device server.

use lane_controller::device::scale::Diagnosis;
use lane_controller::model::scale::ScalePort;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::bench::{Driver, SILENCE, settings};

const SMA_WEIGHT: &[u8] = b"\n 1G       40180kg \r";

/// Answers each request of a connection, as long as it lasts.
async fn serve(mut line: TcpStream) {
    let mut bytes = [0_u8; 64];
    while let Ok(count) = line.read(&mut bytes).await
        && count > 0
    {
        for _ in bytes[..count].iter().filter(|byte| **byte == b'W') {
            if line.write_all(SMA_WEIGHT).await.is_err() {
                return;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_server_is_read_and_connected_anew_when_it_was_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let port = listener.local_addr().expect("its address").port();
    let address = ScalePort::Tcp { host: "127.0.0.1".to_owned(), port };
    let mut driver = Driver::start(settings(address, "sma"));
    let (line, _) = listener.accept().await.expect("connected");
    let served = tokio::spawn(serve(line));
    driver.found().await;
    let reading = driver.reading().await;
    assert_eq!(reading.gross_kg, 40_180);
    served.abort();
    let (diagnosis, reason) = driver.lost().await;
    assert_eq!(diagnosis, Diagnosis::NoPort, "{reason}");
    let (line, _) = listener.accept().await.expect("connected again");
    let served = tokio::spawn(serve(line));
    driver.found().await;
    assert_eq!(driver.reading().await.gross_kg, 40_180);
    served.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_silent_for_long_is_made_anew() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let port = listener.local_addr().expect("its address").port();
    let address = ScalePort::Tcp { host: "127.0.0.1".to_owned(), port };
    let mut settings = settings(address, "sma");
    settings.reopen_after = 2 * SILENCE;
    let mut driver = Driver::start(settings);
    // The server's other side has died: the connection stands, nothing answers.
    let (dead, _) = listener.accept().await.expect("connected");
    assert_eq!(driver.lost().await.0, Diagnosis::NoBytes);
    let (line, _) = listener.accept().await.expect("connected again");
    let served = tokio::spawn(serve(line));
    assert_eq!(driver.reading().await.gross_kg, 40_180);
    served.abort();
    drop(dead);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_server_that_does_not_listen_is_no_port() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let port = listener.local_addr().expect("its address").port();
    drop(listener);
    let mut driver = Driver::start(settings(ScalePort::Tcp { host: "127.0.0.1".to_owned(), port }, "sma"));
    let (diagnosis, reason) = driver.lost().await;
    assert_eq!(diagnosis, Diagnosis::NoPort);
    assert!(reason.contains(&format!("tcp://127.0.0.1:{port} can not be opened")), "{reason}");
}
