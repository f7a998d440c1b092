//! What systemd hears.
#![expect(clippy::unwrap_used, reason = "part of a test")]

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use resil_heartbeat::testing::child::{self, Child, LIMIT};

use crate::folder::Folder;
use resil_heartbeat::{Status, read};

/// A socket as systemd has it, and a child that talks to it.
struct Service {
    socket: UnixDatagram,
    child: Child,
    folder: Folder,
}

impl Service {
    fn start(name: &str, environment: &[(&str, &str)]) -> Self {
        let folder = Folder::new(name);
        let path = folder.join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        Self::start_at(path.as_os_str(), socket, folder, environment)
    }

    fn start_at(place: &OsStr, socket: UnixDatagram, folder: Folder, environment: &[(&str, &str)]) -> Self {
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        let mut all = vec![("NOTIFY_SOCKET", place)];
        all.extend(environment.iter().map(|(key, value)| (*key, OsStr::new(*value))));
        let mut command = child::program("notifies");
        command.envs(all);
        let child = crate::start_by(command, &folder.file()).unwrap();
        Self { socket, child, folder }
    }

    fn hears(&self) -> Vec<String> {
        let mut buffer = [0; 1_024];
        let length = self.socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).lines().map(str::to_owned).collect()
    }

    fn order(&mut self, order: &str) -> Vec<String> {
        self.child.say(order);
        self.hears()
    }
}

/// H8: ready, alive, its status, and stopping; a worker that stands still keeps the word that it lives from systemd.
#[test]
fn systemd_hears_that_it_is_ready_alive_stalled_and_stopping() {
    let mut service = Service::start("systemd", &[("WATCHDOG_USEC", "10000001")]);
    assert_eq!(service.hears(), ["READY=1", "WATCHDOG=1", "STATUS=starting"]);
    assert_eq!(service.order("beat"), ["WATCHDOG=1", "STATUS=running"]);
    assert_eq!(service.order("beat"), ["WATCHDOG=1"]);
    assert_eq!(service.order("freeze"), ["STATUS=stalled, no progress by indexer WATCHDOG=1"], "one line");
    service.child.say("beat");
    assert_eq!(service.order("thaw"), ["WATCHDOG=1", "STATUS=running"], "nothing was said in between");
    assert_eq!(service.order("stop"), ["STOPPING=1", "STATUS=stopped"]);
}

#[test]
fn systemd_hears_that_it_is_ready_when_the_program_is() {
    let mut service = Service::start("systemd-later", &[("READY_LATER", "1")]);
    assert_eq!(service.hears(), ["WATCHDOG=1", "STATUS=starting"]);
    assert_eq!(service.order("beat"), ["WATCHDOG=1"]);
    assert_eq!(service.order("ready"), ["READY=1", "WATCHDOG=1", "STATUS=running"]);
    assert_eq!(service.order("stop"), ["STOPPING=1", "STATUS=stopped"]);
}

#[test]
fn an_interval_that_is_too_long_for_the_watchdog_of_systemd_is_an_error() {
    let mut service = Service::start("systemd-short", &[("WATCHDOG_USEC", "10000000")]);
    service.child.expect("interval: 10s is too long for systemd's watchdog of 10s");
}

/// A service manager that hangs, so that its socket is full, misses beats. It holds up none, nor the stop.
#[test]
fn a_service_manager_that_does_not_listen_holds_nobody_up() {
    let mut service = Service::start("systemd-deaf", &[]);
    service.child.say("beat until it is missed");
    service.child.expect("systemd could not be told of the beat, after all: true");
    service.child.say("stop anyway");
    service.child.expect("stopped");
    assert_eq!(
        read(service.folder.file()).unwrap().status,
        Some(Status::Stopped),
        "the file has it all the same"
    );
    assert_eq!(service.hears()[0], "READY=1");
}

/// As systemd names it for containers.
#[test]
fn a_socket_without_a_file_is_found() {
    let name = format!("resil-heartbeat-{}", std::process::id());
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let service =
        Service::start_at(OsStr::new(&format!("@{name}")), socket, Folder::new("systemd-abstract"), &[]);
    assert_eq!(service.hears()[0], "READY=1");
}
