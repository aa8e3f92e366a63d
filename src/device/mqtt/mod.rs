//! The link to the broker (MQTT 5, rumqttc).
//!
//! ```text
//!  broker ─▶ EventLoop ─▶ handler(LinkEvent) in the link's own task, no extra hop
//!                 ▲              └─ Ack travels with the message; dropped = owned ─▶ ledger ─▶ PUBACK in order
//!  publish() ─────┘ or outbox while the broker is away (states: the latest a topic; events: bounded queue)
//! ```
//!
//! Every connection is a fresh client, and says its birth: what was in flight and has no expiry goes back to the outbox, what expires
//! (commands, risk requests) is never sent late. Subscriptions are made anew on every connection.

mod ack;
mod canary;
mod event;
mod flight;
mod handle;
mod link;
mod outbox;
mod send;
mod settings;
mod takeover;

pub use ack::Ack;
pub use event::{InboundMessage, LinkEvent, NotSent};
pub use handle::{LinkHandle, start};
pub use outbox::Outgoing;
pub use settings::{LinkError, LinkSettings, Will, broker_address};
