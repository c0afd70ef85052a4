// What can be done from anywhere: buttons name a command with `data-command`, the palette
// lists them all.

export interface Command {
  id: string;
  label: string;
  icon: string;
  keys?: string;
  words?: string;
  run: (source?: HTMLElement) => void | Promise<void>;
  when?: () => boolean;
  hidden?: boolean;
}

const commands = new Map<string, Command>();

export function command(made: Command): () => void {
  commands.set(made.id, made);
  return () => void (commands.get(made.id) === made && commands.delete(made.id));
}

export function runCommand(id: string, source?: HTMLElement): void {
  void commands.get(id)?.run(source);
}

export function allCommands(): Command[] {
  return [...commands.values()].filter((each) => !each.hidden && (!each.when || each.when()));
}

export function startCommands(): void {
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const source = event.target.closest<HTMLElement>("[data-command]");
    if (!source) return;
    event.preventDefault();
    runCommand(source.dataset.command ?? "", source);
  });
}
