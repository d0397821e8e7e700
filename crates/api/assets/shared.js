// One stream for all pages of a browser, in a worker that they share: over HTTP/1.1 a browser opens six connections to a
// host, and were each page to hold one, the seventh would wait for ever.
import { follow } from "./follow.js";

// Who listens, and to what.
const ports = new Map();
let stream;
let kinds = "";
let said = "";

const wanted = () => [...new Set([...ports.values()].flat())].sort();

function tell(message) {
  if (message.said) said = message.said;
  for (const [port, heard] of ports) {
    if (message.said || message.kind === "reset" || heard.includes(message.kind)) port.postMessage(message);
  }
}

// As wide as what is listened to, and no wider: alerts may come by the thousand.
function adjust() {
  const now = wanted();
  if (now.join() === kinds) return false;
  const last = stream?.last();
  stream?.close();
  kinds = now.join();
  stream = now.length ? follow(now, tell, last) : undefined;
  return true;
}

addEventListener("connect", ({ ports: [port] }) => {
  port.onmessage = ({ data: heard }) => {
    if (heard.length) ports.set(port, heard); else ports.delete(port);
    if (!adjust() && heard.length && said) port.postMessage({ said });
  };
});
