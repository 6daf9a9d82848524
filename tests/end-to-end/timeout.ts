// A run of Pulumi takes seconds; this ends only what hangs.
jest.setTimeout(240_000);
