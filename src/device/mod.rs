//! Sockets and ttys: MQTT link, serial port; reconnect, health.
