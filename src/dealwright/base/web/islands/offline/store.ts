// The writes that wait for a connection, in the browser's own database.
export interface Waiting {
  id?: number;
  address: string;
  body: unknown;
  title: string;
  at: number;
  person: string;
  refused?: string;
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("dealwright", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("writes", { keyPath: "id", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction("writes", mode);
      const request = act(transaction.objectStore("writes"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

export const allWaiting = (): Promise<Waiting[]> => run("readonly", (store) => store.getAll() as IDBRequest<Waiting[]>);
export const addWaiting = (write: Waiting): Promise<unknown> => run("readwrite", (store) => store.add(write));
export const putWaiting = (write: Waiting): Promise<unknown> => run("readwrite", (store) => store.put(write));
export const dropWaiting = (id: number): Promise<unknown> => run("readwrite", (store) => store.delete(id));
export const dropAllWaiting = (): Promise<unknown> => run("readwrite", (store) => store.clear());
