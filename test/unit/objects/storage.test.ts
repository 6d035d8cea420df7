import { MemoryObjectStorage, SqlObjectStorage } from "../../../src/store/objects/index.ts";
import { NodeSql } from "../../support/node-sql.ts";
import { registerStateContract } from "./state-contract.ts";
import { registerStorageContract } from "./storage-contract.ts";

const memory = () => {
  const storage = new MemoryObjectStorage();
  return { storage, reopened: () => storage };
};
const sqlite = () => {
  const sql = new NodeSql();
  return { storage: new SqlObjectStorage(sql), reopened: () => new SqlObjectStorage(sql) };
};

registerStorageContract("memory", memory);
registerStorageContract("SQLite", sqlite);
registerStateContract("memory", memory);
registerStateContract("SQLite", sqlite);
