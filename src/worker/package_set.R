# Installs an R package set: package_set.R LIBRARY PLAN. The plan's lines: "repos URL", "package NAME", "locked NAME VERSION", "file PATH", "debian NAME".
arguments <- commandArgs(TRUE)
library_folder <- arguments[[1L]]
plan <- readLines(arguments[[2L]], encoding = "UTF-8")
of <- function(key) sub("^[a-z]+ ", "", grep(paste0("^", key, " "), plan, value = TRUE))
repos <- of("repos")
options(repos = repos, timeout = 600, warn = 1)
.libPaths(c(library_folder, .Library))  # a set stands by itself: what this machine's site has may be another version

fail <- function(...) {
  message("package set: ", ...)
  quit("no", 1L)
}
run <- function(program, words) {
  if (!nzchar(Sys.which(program))) fail("'", program, "' is not here: Debian packages need apt")
  said <- suppressWarnings(system2(program, shQuote(words), stdout = TRUE, stderr = TRUE))
  if (!is.null(attr(said, "status"))) fail(program, " ", paste(words, collapse = " "), ": ", paste(utils::tail(said, 5L), collapse = "; "))
  said
}

# A repository of this set alone: files, and locked versions wherever their repository has them.
own <- file.path(tempfile("set"), "src", "contrib")
dir.create(own, recursive = TRUE)
files <- of("file")
invisible(file.copy(files, own))
locked <- strsplit(of("locked"), " ", fixed = TRUE)
for (one in locked) {
  name <- sprintf("%s_%s.tar.gz", one[[1L]], one[[2L]])
  places <- c(sprintf("%s/src/contrib/%s", repos, name), sprintf("%s/src/contrib/Archive/%s/%s", repos, one[[1L]], name))
  is_there <- FALSE
  for (place in places) {
    is_there <- tryCatch(utils::download.file(place, file.path(own, name), quiet = TRUE, mode = "wb") == 0L, error = function(e) FALSE, warning = function(w) FALSE)
    if (is_there) break
  }
  if (!is_there) fail("version ", one[[2L]], " of package ", one[[1L]], " is not at ", paste(places, collapse = ", nor at "))
}
has_own <- length(list.files(own)) > 0L
if (has_own) invisible(tools::write_PACKAGES(own, type = "source"))

wanted <- c(of("package"), vapply(locked, `[[`, "", 1L), sub("_.*", "", basename(files)))
debian <- of("debian")
if (length(debian)) {
  lines <- run("apt-cache", c("depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances", debian))
  names <- unique(grep("^r-(cran|bioc)-", lines, value = TRUE))
  if (!length(names)) fail("no Debian package ", paste(debian, collapse = ", "), ": `apt-get update` may be needed")
  place <- tempfile("debian")
  dir.create(place)
  back <- setwd(place)
  run("apt-get", c("download", names))
  for (package in list.files(pattern = "\\.deb$")) run("dpkg-deb", c("-x", package, "root"))
  invisible(file.copy(Sys.glob(file.path("root/usr/lib/R", c("site-library", "library"), "*")), library_folder, recursive = TRUE))
  setwd(back)
}
if (length(wanted)) {
  # Locked versions are all that a lock file wants: its repository has newer ones.
  from <- c(if (has_own) paste0("file://", dirname(dirname(own))), if (!length(locked)) repos)
  utils::install.packages(wanted, lib = library_folder, repos = from, type = "source", quiet = TRUE)
}
missing <- setdiff(wanted, list.files(library_folder))
if (length(missing)) fail("not installed: ", paste(missing, collapse = ", "), "; what R said of it is above")
for (one in locked) {
  got <- as.character(utils::packageVersion(one[[1L]], lib.loc = library_folder))
  if (package_version(got) != package_version(one[[2L]])) fail("version ", got, " of package ", one[[1L]], " came instead of ", one[[2L]])
}
