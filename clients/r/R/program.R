# The scoria program: where it is found, as library.R finds the library.

scoria_program <- function() {
  chosen <- getOption("scoria.program", Sys.getenv("SCORIA_PROGRAM"))
  need_word(chosen, "options(scoria.program =)")
  found <- if (nzchar(chosen)) path.expand(chosen) else Sys.which("scoria")
  if (nzchar(found) && file.access(found, 1) == 0) return(unname(found))
  refuse(paste0(if (nzchar(chosen)) sprintf("there is no program '%s'", chosen) else "the scoria program is not in the PATH",
                ": options(scoria.program =) or SCORIA_PROGRAM says where it is"), "not_found")
}

# Runs the program; what it wrote to standard output, read as JSON.
ask_program <- function(arguments) {
  program <- scoria_program()
  errors <- tempfile()
  on.exit(unlink(errors))
  said <- suppressWarnings(system2(program, arguments, stdout = TRUE, stderr = errors))
  status <- attr(said, "status")
  if (is.null(status)) {
    document <- tryCatch(jsonlite::parse_json(paste(said, collapse = "\n")), error = function(e) NULL)
    if (!is.null(document)) return(document)
  }
  words <- paste(c(said, if (file.exists(errors)) readLines(errors, warn = FALSE)), collapse = "\n")
  refuse(sprintf("`%s %s` failed%s: %s", program, paste(arguments, collapse = " "), if (is.null(status)) "" else sprintf(" with status %d", status),
                 if (nzchar(words)) words else "it said nothing"), "unavailable")
}
