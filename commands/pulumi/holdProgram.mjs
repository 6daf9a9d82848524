// Node.js loads this before the program (NODE_OPTIONS, underLock.ts): the program of a run begins when the command that
// holds the stack's lock by it says so, and fails where that command has ended.
import { connect } from "node:net";
import { text } from "node:stream/consumers";

if (/[\\/]pulumi[\\/]cmd[\\/]run([\\/]index\.js)?$/.test(process.argv[1] ?? "")) {
  const answer = await text(connect(process.env.SCPCLOUD_LOCK_SOCKET));
  if (answer !== "begin") {
    throw new Error("the command that held the stack's lock has failed");
  }
}
