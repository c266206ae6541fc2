package io.github.safeasync.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueryTextTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 1",
        "select*from t",
        "\n\t Select 1",
        "(SELECT 1) UNION (SELECT 2)",
        "-- why\nSELECT 1",
        "/* hint */ /* and */ SELECT 1",
        "VALUES (1)",
        "TABLE t",
        "SHOW server_version",
        "WITH x AS (SELECT updated FROM t) SELECT * FROM x",
        "SELECT"
      })
  void whatReads_isAQuery(String sql) {
    assertThat(QueryText.isQuery(sql)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "   ",
        "--",
        "/*",
        "INSERT INTO t VALUES (1)",
        "update t set a = 1",
        "DELETE FROM t",
        "MERGE INTO t",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
        "with x as (select 1) insert into t select * from x",
        "{call report(?)}",
        "{? = call report(?)}",
        "CALL report()",
        "COMMIT",
        "ROLLBACK",
        "CREATE TABLE t AS SELECT 1",
        "EXPLAIN ANALYZE DELETE FROM t",
        "SELECTED",
        "LOCK TABLE t"
      })
  void whatWrites_orMay_isNone(String sql) {
    assertThat(QueryText.isQuery(sql)).isFalse();
  }
}
