package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.SinceTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The Javadoc of the public API, and of the test kit, is whole. The build's compiler checks what is
 * written, in every package, and can ask for what is missing in all of them or in none: here it
 * asks these for it.
 */
class DocumentationTest {

  private static final Path ROOT = Path.of("src/main/java/io/github/safeasync");
  private static final Path KIT = Path.of("src/testkit/java/io/github/safeasync/testkit");
  private static final List<String> API =
      List.of(
          "",
          "sse",
          "context",
          "doctor",
          "http",
          "jaxrs",
          "jdbc",
          "micrometer",
          "opentelemetry",
          "spring");

  /** What is done with the compiler while its files are open. */
  private interface Use {
    void with(JavacTask compiler) throws IOException;
  }

  @Test
  void publicTypes_lackNoComment() throws IOException {
    List<String> found = compiled("-Xdoclint:all/protected", JavacTask::analyze);

    assertThat(found).isEmpty();
  }

  @Test
  void publicTypes_saySinceWhenAndWhetherTheyAreThreadSafe() throws IOException {
    List<String> types = new ArrayList<>();
    List<String> silent = new ArrayList<>();

    compiled(
        "-Xdoclint:none",
        compiler -> {
          DocTrees comments = DocTrees.instance(compiler);
          for (CompilationUnitTree file : compiler.parse()) {
            for (TreePath type : publicTypes(file)) {
              String name = ((ClassTree) type.getLeaf()).getSimpleName().toString();
              types.add(name);
              if (!isWhole(comments.getDocCommentTree(type))) {
                silent.add(name);
              }
            }
          }
        });

    assertThat(silent).isEmpty();
    assertThat(types).contains("SafeAsyncResponse", "Kind", "Builder", "SseMessage", "HangUp");
  }

  private static List<TreePath> publicTypes(CompilationUnitTree file) {
    List<TreePath> found = new ArrayList<>();
    new TreePathScanner<@Nullable Void, @Nullable Void>() {
      @Override
      public @Nullable Void visitClass(ClassTree type, @Nullable Void unused) {
        if (!type.getModifiers().getFlags().contains(Modifier.PUBLIC)) {
          return null;
        }
        found.add(getCurrentPath());
        return super.visitClass(type, null);
      }
    }.scan(file, null);
    return found;
  }

  private static boolean isWhole(@Nullable DocCommentTree comment) {
    return comment != null
        && comment.getBlockTags().stream().anyMatch(SinceTree.class::isInstance)
        && comment.getFullBody().toString().toLowerCase(Locale.ROOT).contains("thread-safe");
  }

  /** Returns what the compiler has to say, a line each. */
  private static List<String> compiled(String doclint, Use use) throws IOException {
    JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    try (StandardJavaFileManager files = javac.getStandardFileManager(found, null, null)) {
      List<String> options = List.of("-proc:none", "-Xmaxwarns", "1000", doclint);
      Iterable<? extends JavaFileObject> sources = files.getJavaFileObjectsFromPaths(sources());
      use.with((JavacTask) javac.getTask(new StringWriter(), files, found, options, null, sources));
    }
    return found.getDiagnostics().stream()
        .filter(each -> each.getKind() != Diagnostic.Kind.NOTE)
        .map(each -> each.toString().strip())
        .toList();
  }

  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (Path each : Stream.concat(API.stream().map(ROOT::resolve), Stream.of(KIT)).toList()) {
      try (Stream<Path> files = Files.list(each)) {
        files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
      }
    }
    return sources;
  }
}
