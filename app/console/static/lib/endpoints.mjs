// What somebody typed when asked what to watch: its check type, a name, and the endpoint.

const PORTS = {
  22: "SSH", 21: "FTP", 25: "SMTP", 465: "SMTP", 587: "SMTP", 143: "IMAP", 993: "IMAP", 110: "POP3", 995: "POP3",
  3306: "MYSQL", 5432: "POSTGRES", 6379: "REDIS", 27017: "MONGODB", 50051: "GRPC", 53: "UDP",
};
const WEB = { 80: "http", 8080: "http", 443: "https", 8443: "https" };
const SCHEMES = { ws: "WEBSOCKET", wss: "WEBSOCKET", redis: "REDIS", postgres: "POSTGRES", postgresql: "POSTGRES", mysql: "MYSQL", mongodb: "MONGODB", ssh: "SSH", ftp: "FTP", smtp: "SMTP", imap: "IMAP", tcp: "TCP", udp: "UDP", grpc: "GRPC", ping: "PING", dns: "DNS" };

/** {check_type, endpoint, name} of a line of text; null for an empty one. */
export function guess(text) {
  const said = text.trim();
  if (!said) return null;
  const scheme = /^([a-z]+):\/\/(.*)$/i.exec(said);
  const kind = scheme && scheme[1].toLowerCase();
  if (kind === "http" || kind === "https") return { check_type: "HTTP", endpoint: said, name: hostOf(said) };
  if (kind && SCHEMES[kind]) {
    const bare = SCHEMES[kind] === "WEBSOCKET" ? said : scheme[2].replace(/\/.*$/, "");
    return { check_type: SCHEMES[kind], endpoint: bare, name: hostOf(said) };
  }
  const port = /^(\[[^\]]+\]|[^\s:/]+):(\d{1,5})$/.exec(said);
  if (port && WEB[port[2]]) return { check_type: "HTTP", endpoint: `${WEB[port[2]]}://${said}`, name: said };
  if (port) return { check_type: PORTS[port[2]] ?? "TCP", endpoint: said, name: `${port[1]}:${port[2]}` };
  if (/^[\d.]+$/.test(said) || /^[0-9a-f:]+$/i.test(said)) return { check_type: "PING", endpoint: said, name: said };
  return { check_type: "HTTP", endpoint: `https://${said}`, name: hostOf(`https://${said}`) };
}

function hostOf(address) {
  const found = /^[a-z]+:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/?#]+)(:\d+)?([^?#]*)/i.exec(address);
  if (!found) return address.slice(0, 100);
  const path = found[3] && found[3] !== "/" ? found[3] : "";
  return `${found[1].replace(/^www\./, "")}${found[2] ?? ""}${path}`.slice(0, 200);
}
