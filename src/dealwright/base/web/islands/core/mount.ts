export function mountIslands(): void {}
