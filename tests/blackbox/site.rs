//! The configuration of the test bench: one lane that has everything, by the RMS's word.

use std::path::Path;

use super::rig::{LANE, SITE};

pub(crate) fn config(dir: &Path, mqtt_port: u16, http_port: u16) -> String {
    let dir = dir.display();
    format!(
        r#"
[site]
id = "{SITE}"
time_zone = "Asia/Almaty"

[mqtt]
url = "mqtt://127.0.0.1:{mqtt_port}"
client_id = "lane-controller-test"

[data]
reserve_percent = 1
directory = "{dir}/data"
ballast_mib = 1

[http]
listen = "127.0.0.1:{http_port}"
officers_file = "{dir}/officers.toml"

[risk]
mode = "rms"
request_timeout = "1s"

[policy]
weight_tolerance = {{ kg = 300, percent = 3.0 }}
require = ["notification", "declaration"]

[[lane]]
id = "{LANE}"
direction = "entry"
evidence = ["tractor_plate", "trailer_plate", "weight"]
evidence_timeout = "5s"

[[lane.camera]]
name = "front"
view = "front"
format = "native"

[[lane.camera]]
name = "rear"
view = "rear"
format = "native"

[[lane.loop]]
name = "approach"

[[lane.loop]]
name = "exit"

[lane.scale]
name = "bridge"
driver = "serial"
port = "{dir}/scale"
baud = 9600
protocol = "mt-sics"
minimum_kg = 400

[[lane.barrier]]
name = "exit"
driver = "mqtt"
open_timeout = "3s"
close_timeout = "3s"
"#
    )
}
