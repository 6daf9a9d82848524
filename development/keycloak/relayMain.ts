import { startRelay } from "./relay.ts";

const [address = "", port = ""] = process.argv.slice(2);

// A container's connection may end in any way; the relay goes on.
startRelay(address, Number(port)).then(
  () => process.send?.("listening", () => process.disconnect()),
  () => process.exit(1),
);
