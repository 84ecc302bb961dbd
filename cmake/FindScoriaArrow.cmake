# Arrow C++ with Parquet, for the module of src/arrowio: the system's libarrow-dev and libparquet-dev, else the libraries and headers
# inside the pyarrow wheel that `make arrow` puts into build/arrow-venv. Makes ScoriaArrow::libraries, or leaves it undefined.
if(TARGET ScoriaArrow::libraries)
  return()
endif()
set(SCORIA_ARROW_VENV "${CMAKE_SOURCE_DIR}/build/arrow-venv" CACHE PATH "where `make arrow` installs pyarrow")
set(ScoriaArrow_SOURCE "")
set(ScoriaArrow_TO_INSTALL "")  # libraries that only this folder has: an installed module takes them along

find_package(Arrow CONFIG QUIET)
find_package(Parquet CONFIG QUIET)
if(Arrow_FOUND AND Parquet_FOUND AND TARGET Arrow::arrow_shared AND TARGET Parquet::parquet_shared
   AND Arrow_VERSION VERSION_GREATER_EQUAL 15)
  add_library(ScoriaArrow::libraries INTERFACE IMPORTED)
  target_link_libraries(ScoriaArrow::libraries INTERFACE Parquet::parquet_shared Arrow::arrow_shared)
  set(ScoriaArrow_SOURCE "the system's Arrow ${Arrow_VERSION}")
else()
  file(GLOB wheel LIST_DIRECTORIES true "${SCORIA_ARROW_VENV}/lib/python3*/site-packages/pyarrow")
  # The wheel has no libarrow.so, only the name that programs load: libarrow.so.2600.
  file(GLOB arrow "${wheel}/libarrow.so.*")
  file(GLOB parquet "${wheel}/libparquet.so.*")
  list(LENGTH arrow count)
  if(wheel AND count EQUAL 1 AND parquet)
    add_library(ScoriaArrow::libraries INTERFACE IMPORTED)
    target_include_directories(ScoriaArrow::libraries SYSTEM INTERFACE "${wheel}/include")
    target_link_libraries(ScoriaArrow::libraries INTERFACE "${parquet}" "${arrow}")
    set(ScoriaArrow_SOURCE "pyarrow's ${arrow}")
    set(ScoriaArrow_TO_INSTALL "${parquet}" "${arrow}")
  endif()
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ScoriaArrow REQUIRED_VARS ScoriaArrow_SOURCE)
