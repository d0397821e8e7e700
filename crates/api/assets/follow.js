// The stream of events, until somebody closes it; what breaks off is taken up where it was.
const AGAIN_MS = 3000;

export function follow(kinds, tell, after = "") {
  let source;
  let timer = 0;
  let last = after;
  const watch = () => {
    const from = last ? `&last_event_id=${encodeURIComponent(last)}` : "";
    source = new EventSource(`/api/v1/stream?kind=${kinds.join(",")}${from}`);
    source.addEventListener("open", () => tell({ said: "open" }));
    source.addEventListener("error", () => {
      tell({ said: "lost" });
      // Refused, not only broken off: a browser gives up then, and we do not.
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(watch, AGAIN_MS);
    });
    for (const kind of [...kinds, "reset"]) {
      source.addEventListener(kind, ({ data, lastEventId }) => {
        if (lastEventId) last = lastEventId;
        tell({ kind, data });
      });
    }
  };
  watch();
  return { close() { clearTimeout(timer); source.close(); }, last: () => last };
}
