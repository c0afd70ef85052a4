export {};
const version = "__VERSION__";
const shell = "__SHELL__";
void version;
void shell;
