# libscoria: where it is found. It is loaded once in a session, and stays.

library_name <- "libscoria.so.1"  # the 1 is the version of its ABI
found <- new.env(parent = emptyenv())

# Where the library may be, first choice first. A name without a slash is left to the system's loader.
library_places <- function() {
  chosen <- getOption("scoria.library", Sys.getenv("SCORIA_LIBRARY"))
  need_word(chosen, "options(scoria.library =)")
  if (nzchar(chosen)) return(path.expand(chosen))  # a wrong choice is an error, not a reason to take another
  program <- Sys.which("scoria")
  if (!nzchar(program)) return(library_name)
  folder <- dirname(normalizePath(program))
  # Beside it; as `make install` puts it; as the build folder has it.
  beside <- c(folder, file.path(dirname(folder), c("lib", "lib64", "capi")))
  c(library_name, file.path(beside, library_name))
}

load_library <- function() {
  if (!is.null(found$place)) return(invisible(found$place))
  places <- library_places()
  problems <- character()
  for (place in places) {
    problem <- .Call(C_load_library, place)
    if (is.null(problem)) {
      found$place <- place
      return(invisible(place))
    }
    problems <- c(problems, sprintf("  %s: %s", place, problem))
  }
  refuse(paste0("libscoria.so cannot be loaded. Set options(scoria.library =) or SCORIA_LIBRARY to its path, or install it where ",
                "the system's loader looks (`make install`, then ldconfig). Looked at:\n", paste(problems, collapse = "\n")), "library")
}
