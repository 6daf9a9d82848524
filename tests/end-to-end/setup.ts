import { startServerOfTests } from "./server";

export default startServerOfTests;
