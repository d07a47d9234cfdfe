// The wall of a screen without anybody's session: it reads with the key of its link, every five seconds.
// The key stands behind the # of the address, which browsers send to no server.

import * as api from "../api.mjs";
import { resource } from "./resource.mjs";
import { wallKey } from "./route.mjs";
import { replaceAll } from "./services.mjs";

const EVERY_MS = 5000;

/** The answer of GET /services/wall; its services are put into store/services. */
export const wall = resource(async (signal) => {
  const { data } = await api.send("GET", "/services/wall", { signal, headers: { Authorization: `Bearer ${wallKey}` }, again: false });
  replaceAll(data.services);
  return data;
});

/** Read the wall again and again, until the key is refused; returns how to end it. */
export function followWall() {
  let timer = 0;
  let ended = false;
  const turn = async () => {
    await wall.reload();
    if (!ended && wall.error.peek()?.status !== 401) timer = setTimeout(turn, EVERY_MS);
  };
  const other = () => location.reload(); // another link in the same tab
  addEventListener("hashchange", other);
  turn();
  return () => {
    ended = true;
    removeEventListener("hashchange", other);
    clearTimeout(timer);
    wall.stop();
  };
}

/** The address of a wall for a screen: the filter that `query` says, and the key. */
export function wallAddress(query, key) {
  const address = new URL("/wall", location.origin);
  for (const [name, value] of query) address.searchParams.append(name, value);
  address.hash = `key=${encodeURIComponent(key)}`;
  return address.href;
}
