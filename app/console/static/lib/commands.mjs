// A `curl` command and a service, each made of the other.

const FLAGS = new Set(["-X", "--request", "-H", "--header", "-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json", "-u", "--user", "-A", "--user-agent", "-m", "--max-time", "--url", "-b", "--cookie", "-e", "--referer", "-o", "--output", "--connect-timeout", "--retry"]);

/** Words of a command line, quotes and line continuations undone, as a shell takes them. */
export function shellWords(text) {
  const words = [];
  let word = null;
  for (const [, single, double, escaped, blank, plain] of text.replace(/\\\r?\n/g, " ").matchAll(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|(\s+)|([^\s'"\\]+)/gs)) {
    if (blank !== undefined) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + (single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? plain);
  }
  return word === null ? words : [...words, word];
}

/** {endpoint, config, timeout_seconds} of a curl command; null for any other text. */
export function fromCurl(text) {
  const [command, ...given] = shellWords(text.trim());
  if (command !== "curl") return null;
  const words = given.flatMap((word) => {
    const joined = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? /^(-[XHdumAbe])(.+)$/s.exec(word);
    return joined && FLAGS.has(joined[1]) ? [joined[1], joined[2]] : [word];
  });
  const found = { endpoint: null, config: {} };
  const headers = {};
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    const value = FLAGS.has(word) ? words[++at] : null;
    switch (word) {
      case "-X": case "--request": found.config.method = value.toUpperCase(); break;
      case "-H": case "--header": {
        const [, name, rest] = /^([^:]+):\s*(.*)$/s.exec(value ?? "") ?? [];
        if (name) headers[name.trim()] = rest;
        break;
      }
      case "--json": Object.assign(headers, { "Content-Type": "application/json", Accept: "application/json" }); // then as --data
      case "-d": case "--data": case "--data-raw": case "--data-binary": case "--data-ascii":
        found.config.body = found.config.body === undefined ? value : `${found.config.body}&${value}`;
        found.config.method ??= "POST";
        break;
      case "-u": case "--user": {
        const [username, ...password] = (value ?? "").split(":");
        found.config.basic_auth = { username, password: password.join(":") };
        break;
      }
      case "-A": case "--user-agent": headers["User-Agent"] = value; break;
      case "-b": case "--cookie": headers.Cookie = value; break;
      case "-e": case "--referer": headers.Referer = value; break;
      case "-m": case "--max-time": if (Number(value) >= 1) found.timeout_seconds = Math.min(60, Math.round(Number(value))); break;
      case "-k": case "--insecure": found.config.verify_tls = false; break;
      case "-I": case "--head": found.config.method = "HEAD"; break;
      case "-L": case "--location": found.config.follow_redirects = true; break;
      case "--url": found.endpoint = value; break;
      default: if (!word.startsWith("-")) found.endpoint ??= word;
    }
  }
  if (!found.endpoint) return null;
  if (!/^[a-z]+:\/\//i.test(found.endpoint)) found.endpoint = `http://${found.endpoint}`;
  if (Object.keys(headers).length) found.config.headers = headers;
  return found;
}

const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** The curl command that creates something: POST or PATCH of a body, with a key in place of ours. */
export function asCurl(method, address, body) {
  return `curl -X ${method} ${quoted(address)} \\\n  -H "X-API-Key: $ALERTIFYPRO_KEY" -H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(body, null, 2))}`;
}
