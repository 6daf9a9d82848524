// Pulumi's runner for policy packs would compile TypeScript together with all types: 2 s of CPU for every preview.
import "./pack.ts";
