//! The papers of the truck that the tests drive.

use serde_json::{Value, json};

use super::rig::now;

/// The prior notification, first revision.
pub(crate) fn notification(number: &str, laden_kg: i64) -> Value {
    json!({
        "number": number, "revision": 1, "action": "upsert", "submitted_at": "2026-01-01T00:00:00.000Z",
        "expected_at": now(), "valid_until": "2099-01-01T00:00:00.000Z", "direction": "entry",
        "carrier": { "id": "240440000300", "name": "Carrier", "country": "KZ" },
        "vehicle": {
            "tractor": { "plate": "123ABC02", "country": "KZ" },
            "trailers": [{ "plate": "45DEF02", "country": "KZ" }],
        },
        "containers": [], "seals": [],
        "documents": [{ "kind": "transit_declaration", "number": "55302/150324/0000123" }],
        "goods": [], "gross_kg": 12000, "laden_kg": laden_kg, "empty": false, "dangerous": [],
    })
}

/// Its declaration, first revision.
pub(crate) fn declaration() -> Value {
    json!({
        "number": "55302/150324/0000123", "kind": "transit", "revision": 1, "status": "released",
        "containers": [], "seals": [], "gross_kg": 12000, "customs_status": "foreign",
        "goods": [{ "item": 1, "code": "8703239019", "description": "cars", "gross_kg": 12000 }],
        "holder": { "id": "240440000300", "country": "KZ" },
        "guarantee": { "kind": "general", "valid_until": "2099-01-01T00:00:00.000Z" },
    })
}
