// The one entry of the browser's script. Small things start here; an island's code is
// fetched when a page that has `data-island="name"` shows it.
import "htmx.org/dist/htmx.esm.js";
import { mountIslands } from "./core/mount";

mountIslands();
