//! The broker's certificate and a client's: each signs itself, and the broker trusts both.

use std::path::Path;
use std::process::Command;

use super::text;
use crate::workshop::output;

/// What a client has to trust.
pub(super) const SERVER: &str = "ca.pem";
const CLIENT: &str = "client.pem";
/// Of every store; `server.properties` says it too.
const PASSWORD: &str = "watchfire";
/// Longer than a checkout lives.
const DAYS: &str = "36500";

/// In the folder, where they are not there yet.
pub(super) fn make(folder: &Path) -> anyhow::Result<()> {
    let done = folder.join(SERVER);
    if done.is_file() {
        return Ok(());
    }
    // An interrupted beginning may have left any of these, and none is added to.
    for store in ["server.p12", "client.p12", "trusted.p12"] {
        drop(std::fs::remove_file(folder.join(store)));
    }
    let unfinished = folder.join("server.pem");
    own_certificate(folder, "server", "localhost", &unfinished)?;
    own_certificate(folder, "client", "client", &folder.join(CLIENT))?;
    trust(folder, "server", &unfinished)?;
    trust(folder, "client", &folder.join(CLIENT))?;
    std::fs::rename(unfinished, done)?;
    Ok(())
}

/// A key with its certificate in `ALIAS.p12`, and the certificate alone as PEM.
fn own_certificate(folder: &Path, alias: &str, name: &str, pem: &Path) -> anyhow::Result<()> {
    let store = folder.join(format!("{alias}.p12"));
    let subject = format!("CN={name}");
    let key = ["-alias", alias, "-dname", &subject, "-keyalg", "EC", "-groupname", "secp256r1", "-validity", DAYS];
    let mut make = keytool("-genkeypair", &store)?;
    make.args(key).args(["-ext", "san=ip:127.0.0.1,dns:localhost"]);
    output(&mut make)?;
    output(keytool("-exportcert", &store)?.args(["-rfc", "-alias", alias, "-file", text(pem)?]))?;
    Ok(())
}

fn trust(folder: &Path, alias: &str, pem: &Path) -> anyhow::Result<()> {
    let mut import = keytool("-importcert", &folder.join("trusted.p12"))?;
    output(import.args(["-noprompt", "-alias", alias, "-file", text(pem)?]))?;
    Ok(())
}

fn keytool(order: &str, store: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new("keytool");
    // Each is a short life: the quick compiler is enough.
    command.args(["-J-XX:TieredStopAtLevel=1", order]);
    command.args(["-storetype", "PKCS12", "-storepass", PASSWORD, "-keystore", text(store)?]);
    Ok(command)
}
