/** The part of the driver that is used here: it brings no types. */
declare module 'oracledb' {
  export interface Metadata {
    readonly name: string;
    readonly dbType: DbType;
    readonly dbTypeName: string;
    readonly nullable: boolean;
    readonly precision?: number;
    readonly scale?: number;
  }

  export interface DbType {
    readonly num: number;
    readonly name: string;
  }

  export interface ResultSet {
    readonly metaData: readonly Metadata[];
    getRows(count: number): Promise<unknown[][]>;
    close(): Promise<void>;
  }

  export interface ExecuteOptions {
    readonly resultSet?: boolean;
    readonly outFormat?: number;
    readonly fetchArraySize?: number;
    readonly prefetchRows?: number;
    readonly maxRows?: number;
    readonly fetchTypeHandler?: (metadata: Metadata) => { readonly type: DbType } | undefined;
  }

  export interface Result {
    readonly rows?: readonly unknown[][];
    readonly metaData?: readonly Metadata[];
    readonly resultSet?: ResultSet;
  }

  export interface Connection {
    execute(sql: string, binds?: readonly unknown[], options?: ExecuteOptions): Promise<Result>;
    break(): Promise<void>;
    close(options?: { readonly drop: boolean }): Promise<void>;
  }

  export interface Driver {
    readonly OUT_FORMAT_ARRAY: number;
    readonly DB_TYPE_VARCHAR: DbType;
    readonly DB_TYPE_NUMBER: DbType;
    readonly DB_TYPE_CLOB: DbType;
    readonly DB_TYPE_NCLOB: DbType;
    readonly DB_TYPE_BLOB: DbType;
    readonly DB_TYPE_RAW: DbType;
    getConnection(options: {
      readonly user: string;
      readonly password: string;
      readonly connectString: string;
    }): Promise<Connection>;
  }

  const driver: Driver;
  export default driver;
}
