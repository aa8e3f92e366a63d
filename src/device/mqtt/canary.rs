//! A message to ourselves now and then shows that the broker carries messages.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::handle::LinkHandle;
use super::outbox::Outgoing;

/// A canary goes through the broker this often; so many may be missing.
const CANARY_EVERY: Duration = Duration::from_secs(5);
const CANARIES_MISSING_MAX: u32 = 3;

/// Sends canaries while connected; too many missing rebuild the client.
pub(super) async fn send_canaries(link: LinkHandle, topic: String) {
    let mut beat = tokio::time::interval(CANARY_EVERY);
    loop {
        beat.tick().await;
        if !link.is_connected() {
            link.shared.canaries_missing.store(0, Ordering::Relaxed);
            continue;
        }
        let missing = link.shared.canaries_missing.fetch_add(1, Ordering::Relaxed) + 1;
        if missing > CANARIES_MISSING_MAX {
            link.shared.rebuild.notify_one();
            continue;
        }
        let expiry_s = u32::try_from(CANARY_EVERY.as_secs()).unwrap_or(u32::MAX);
        // A canary that can't be sent is a missing one.
        link.publish(Outgoing::expiring(topic.clone(), b"{}".to_vec(), expiry_s)).ok();
    }
}
