//! One read of a plate, sent as a vendor's camera sends it: by HTTP to the controller, or by MQTT to its broker.

use std::net::ToSocketAddrs;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{FixedOffset, Local, Offset, Utc};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::{AsyncClient, Event, Incoming, MqttOptions};

use super::{DeviceError, say};
use crate::camera::{Make, Message, Sighting, messages};
use crate::http::{self, Credentials};

/// The broker confirms sooner.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(10);
/// Ports where a URL names none.
const MQTT_PORT: u16 = 1883;
const HTTP_PORT: u16 = 80;

/// Whose camera, where it sends, and what it read.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("way").required(true))]
pub struct Camera {
    /// The controller's name of the vendor's preset
    #[arg(long, value_enum, value_name = "P")]
    preset: Make,
    /// The broker: mqtt://HOST[:PORT]
    #[arg(long, value_name = "URL", group = "way", requires_all = ["site", "lane", "camera"])]
    mqtt: Option<String>,
    /// The controller's address for this camera: http://HOST[:PORT]/ingest/v1/LANE/CAMERA
    #[arg(long, value_name = "URL", group = "way")]
    http: Option<String>,
    /// The camera's secret, appended as ?key=
    #[arg(long, value_name = "K", requires = "http")]
    key: Option<String>,
    /// The name that the camera signs in with, at the broker or by HTTP Basic
    #[arg(long, value_name = "NAME", requires = "password_file")]
    user: Option<String>,
    /// A file with the password that goes with it
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// With --mqtt: the site
    #[arg(long, value_name = "S")]
    site: Option<String>,
    /// With --mqtt: the lane
    #[arg(long, value_name = "L")]
    lane: Option<String>,
    /// With --mqtt: the camera
    #[arg(long, value_name = "C")]
    camera: Option<String>,
    /// With --mqtt: the vendor's own topic instead of bcp/S/lane/L/plate/C
    #[arg(long, value_name = "TOPIC", requires = "mqtt")]
    topic: Option<String>,
    /// The plate, as the camera reads it
    #[arg(long)]
    plate: String,
    /// What the camera calls itself [default: the camera, or "camera"]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The zone of the camera's wall clock, as +05:00 [default: this machine's]
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    utc_offset: Option<FixedOffset>,
}

impl Camera {
    pub(super) fn run(&self) -> Result<(), DeviceError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| DeviceError::Io { doing: "starting the runtime".to_owned(), source })?;
        let offset = self.utc_offset.unwrap_or_else(|| Local::now().offset().fix());
        let source = self.source.as_deref().or(self.camera.as_deref()).unwrap_or("camera");
        let sighting = Sighting { plate: &self.plate, at: Utc::now().with_timezone(&offset), source };
        let messages = messages(self.preset, &sighting);
        match (&self.http, &self.mqtt) {
            (Some(url), _) => runtime.block_on(self.push(url, &messages)),
            (None, Some(url)) => runtime.block_on(self.publish(url, &messages)),
            (None, None) => Err(DeviceError::Asked("--http or --mqtt says where to send".to_owned())),
        }
    }

    /// Who the camera says it is, where it says so.
    fn credentials(&self) -> Result<Option<Credentials>, DeviceError> {
        let (Some(name), Some(path)) = (&self.user, &self.password_file) else { return Ok(None) };
        let password = std::fs::read_to_string(path)
            .map_err(|source| DeviceError::Io { doing: format!("reading {}", path.display()), source })?;
        let password = password.trim_end_matches(['\r', '\n']).to_owned();
        Ok(Some(Credentials { name: name.clone(), password }))
    }

    async fn push(&self, url: &str, messages: &[Message]) -> Result<(), DeviceError> {
        let Some((host, path)) = split(url, "http://", HTTP_PORT) else {
            return Err(DeviceError::Asked(format!("{url:?} is not http://HOST[:PORT]/PATH")));
        };
        let path = match &self.key {
            Some(key) => format!("{path}?key={key}"),
            None => path,
        };
        let failed = |source| DeviceError::Io { doing: format!("looking up {host}"), source };
        let address = host.to_socket_addrs().map_err(failed)?.next();
        let address = address.ok_or_else(|| DeviceError::Refused(format!("{host} has no address")))?;
        let who = self.credentials()?;
        for message in messages {
            let answer = http::push(address, &path, who.as_ref(), &message.content_type, &message.body).await;
            let answer = answer.map_err(|error| DeviceError::Refused(error.to_string()))?;
            say(&format!("{} {}", answer.status, answer.body.trim()));
            if answer.status != 200 {
                return Err(DeviceError::Refused(format!("the controller did not take it: {}", answer.status)));
            }
        }
        Ok(())
    }

    async fn publish(&self, url: &str, messages: &[Message]) -> Result<(), DeviceError> {
        let host = split(url, "mqtt://", MQTT_PORT).filter(|(_, path)| path == "/");
        let host = host.as_ref().and_then(|(host, _)| host.rsplit_once(':')?.1.parse().ok().zip(host.rsplit_once(':')));
        let Some((port, (host, _))) = host else {
            return Err(DeviceError::Asked(format!("{url:?} is not mqtt://HOST[:PORT]")));
        };
        let topic = self.topic.clone().or_else(|| {
            let (site, lane, camera) = (self.site.as_ref()?, self.lane.as_ref()?, self.camera.as_ref()?);
            Some(format!("bcp/{site}/lane/{lane}/plate/{camera}"))
        });
        let topic = topic.ok_or_else(|| DeviceError::Asked("--mqtt needs --site, --lane and --camera".to_owned()))?;
        let mut options = MqttOptions::new(format!("lane-simulator-camera-{}", std::process::id()), host, port);
        options.set_keep_alive(Duration::from_secs(5));
        if let Some(Credentials { name, password }) = self.credentials()? {
            options.set_credentials(name, password);
        }
        let (client, mut events) = AsyncClient::new(options, messages.len().max(1));
        let refused = |why: String| DeviceError::Refused(format!("{url} did not take it: {why}"));
        for message in messages {
            let body = message.plain.clone();
            let sent = client.publish(topic.as_str(), QoS::AtLeastOnce, false, body).await;
            sent.map_err(|error| refused(error.to_string()))?;
        }
        let confirmed = async {
            let mut left = messages.len();
            while left > 0 {
                if let Event::Incoming(Incoming::PubAck(_)) = events.poll().await? {
                    left -= 1;
                }
            }
            Ok::<_, rumqttc::v5::ConnectionError>(())
        };
        match tokio::time::timeout(CONFIRMED_WITHIN, confirmed).await {
            Ok(Ok(())) => say(&format!("{} on {topic}", messages.len())),
            Ok(Err(error)) => return Err(refused(error.to_string())),
            Err(_) => return Err(refused(format!("no answer within {CONFIRMED_WITHIN:?}"))),
        }
        Ok(())
    }
}

/// Host with its port, and the path.
fn split(url: &str, scheme: &str, port: u16) -> Option<(String, String)> {
    let rest = url.strip_prefix(scheme)?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let host = if has_port { host.to_owned() } else { format!("{host}:{port}") };
    (!host.starts_with(':')).then(|| (host, format!("/{path}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_host_a_port_and_a_path() {
        for (url, scheme, expected) in [
            ("http://10.0.0.7/ingest/v1/in-01/front", "http://", Some(("10.0.0.7:80", "/ingest/v1/in-01/front"))),
            ("http://lane:9750/x", "http://", Some(("lane:9750", "/x"))),
            ("mqtt://broker", "mqtt://", Some(("broker:1883", "/"))),
            ("https://lane/x", "http://", None),
            ("mqtt://", "mqtt://", None),
        ] {
            let found = split(url, scheme, if scheme == "mqtt://" { MQTT_PORT } else { HTTP_PORT });
            assert_eq!(found, expected.map(|(host, path)| (host.to_owned(), path.to_owned())), "{url}");
        }
    }
}
