// The one entry of the browser's script. What every page needs starts here; an island's code
// is fetched when a page shows an element with its `data-island` name.
import "htmx.org/dist/htmx.esm.js";
import { startCommands } from "./core/commands";
import { startDialogs } from "./core/dialogs";
import { startKeys } from "./core/keys";
import { island, mountIslands } from "./core/mount";
import { startProgress } from "./core/progress";
import { startToasts } from "./core/toast";
import { startEverywhere } from "./everywhere";
import { startOffline } from "./offline/start";
import { startStackedTables } from "./stacked-tables";

island("list", () => import("./list/list"));
island("board", () => import("./board/board"));
island("filters", () => import("./filters/builder"));
island("record", () => import("./record/record"));
island("facts", () => import("./record/facts"));
island("record-field", () => import("./record/record-field"));
island("new-record", () => import("./record/new-record"));
island("draft", () => import("./record/draft"));
island("columns", () => import("./list/columns"));
island("theme", () => import("./theme"));
island("bell", () => import("./bell"));
island("remember-open", () => import("./remember-open"));
island("recent", () => import("./recent"));
island("field-kind", () => import("./field-kind"));
island("submit-on-change", () => import("./submit-on-change"));
island("filter-field", () => import("./filters/filter-field"));
island("copy", () => import("./copy"));
island("consent", () => import("./consent"));
island("signature", () => import("./signature"));
island("field-editor", () => import("./signing/editor"));
island("passkey", () => import("./passkey"));
island("offline-list", () => import("./offline/list"));
island("live-refresh", () => import("./live-refresh"));
island("lines", () => import("./crm/lines"));
island("tasks", () => import("./crm/tasks"));
island("stages", () => import("./crm/stages"));

startToasts();
startKeys();
startCommands();
startDialogs();
startProgress();
startEverywhere();
startStackedTables();
mountIslands();
startOffline();
