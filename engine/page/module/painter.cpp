// The module behind engine/page/painter.h. Everything but its table is hidden.
#include "engine/page/painter.h"

#include <cairo-pdf.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <exception>

#include "engine/page/module/handles.h"
#include "engine/page/module/text.h"

namespace sumi::page {
namespace {

void check(cairo_status_t status) {
  if (status == CAIRO_STATUS_NO_MEMORY) throw Error("[page] out of memory; lower --dpi");
  if (status != CAIRO_STATUS_SUCCESS)
    throw Error(std::string("[page] cairo failed: ") + cairo_status_to_string(status));
}

// The rows of cairo's RGB24: native words of red, green and blue.
Surface surface_of(const PaintedImage& image) {
  Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, image.width, image.height));
  check(cairo_surface_status(surface.get()));
  unsigned char* data = cairo_image_surface_get_data(surface.get());
  const int stride = cairo_image_surface_get_stride(surface.get());
  for (int y = 0; y < image.height; ++y) {
    auto* row = reinterpret_cast<std::uint32_t*>(data + static_cast<std::ptrdiff_t>(y) * stride);
    const std::uint8_t* from = image.rgb.data() + 3 * static_cast<std::ptrdiff_t>(y) * image.width;
    for (int x = 0; x < image.width; ++x, from += 3)
      row[x] = static_cast<std::uint32_t>(from[0]) << 16 | static_cast<std::uint32_t>(from[1]) << 8 | from[2];
  }
  cairo_surface_mark_dirty(surface.get());
  return surface;
}

void paint_item(cairo_t* cairo, const PaintedImage& image) {
  const Surface surface = surface_of(image);
  cairo_save(cairo);
  cairo_rectangle(cairo, image.at.x, image.at.y, image.at.width, image.at.height);
  cairo_clip(cairo);
  cairo_translate(cairo, image.at.x, image.at.y);
  cairo_scale(cairo, image.at.width / image.width, image.at.height / image.height);
  cairo_set_source_surface(cairo, surface.get(), 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_BILINEAR);
  cairo_pattern_set_extend(cairo_get_source(cairo), CAIRO_EXTEND_PAD);
  cairo_paint(cairo);
  cairo_restore(cairo);
}

void paint_item(cairo_t* cairo, const PaintedShape& shape) {
  const auto trace = [&](bool filled) {
    for (const std::vector<Point>& outline : shape.outlines) {
      cairo_new_path(cairo);
      for (const Point& point : outline) cairo_line_to(cairo, point.x, point.y);
      cairo_close_path(cairo);
      filled ? cairo_fill(cairo) : cairo_stroke(cairo);
    }
  };
  if (shape.line_width > 0) {  // lines first: those inside of the union are covered
    cairo_set_source_rgb(cairo, shape.line.red, shape.line.green, shape.line.blue);
    cairo_set_line_width(cairo, shape.filled ? 2 * shape.line_width : shape.line_width);
    trace(false);
  }
  if (!shape.filled) return;
  cairo_set_source_rgb(cairo, shape.fill.red, shape.fill.green, shape.fill.blue);
  trace(true);
}

void paint_drawing(cairo_t* cairo, const Drawing& drawing) {
  cairo_set_line_join(cairo, CAIRO_LINE_JOIN_MITER);
  cairo_set_miter_limit(cairo, 4);
  cairo_set_source_rgb(cairo, 1, 1, 1);
  cairo_rectangle(cairo, 0, 0, drawing.width, drawing.height);
  cairo_fill(cairo);
  for (const auto& item : drawing.items) {
    if (const auto* image = std::get_if<PaintedImage>(&item)) paint_item(cairo, *image);
    if (const auto* shape = std::get_if<PaintedShape>(&item)) paint_item(cairo, *shape);
    if (const auto* text = std::get_if<PaintedText>(&item)) show_text(cairo, drawing.typeface, *text);
  }
  check(cairo_status(cairo));
}

std::vector<std::uint8_t> paint(const Drawing& drawing) {
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, drawing.width, drawing.height));
  check(cairo_surface_status(surface.get()));
  {
    const Context cairo(cairo_create(surface.get()));
    paint_drawing(cairo.get(), drawing);
  }
  cairo_surface_flush(surface.get());
  const unsigned char* data = cairo_image_surface_get_data(surface.get());
  const int stride = cairo_image_surface_get_stride(surface.get());
  std::vector<std::uint8_t> rgb;
  rgb.reserve(3 * static_cast<std::size_t>(drawing.width) * static_cast<std::size_t>(drawing.height));
  for (int y = 0; y < drawing.height; ++y) {
    const auto* row = reinterpret_cast<const std::uint32_t*>(data + static_cast<std::ptrdiff_t>(y) * stride);
    for (int x = 0; x < drawing.width; ++x)
      for (const int shift : {16, 8, 0}) rgb.push_back(static_cast<std::uint8_t>(row[x] >> shift));
  }
  return rgb;
}

// The reader of a PDF's bytes. An exception must not pass through cairo.
struct Sink {
  const std::function<void(const unsigned char*, std::size_t)>& write;
  std::exception_ptr error;

  static cairo_status_t take(void* self, const unsigned char* data, unsigned int bytes) {
    auto& sink = *static_cast<Sink*>(self);
    if (sink.error) return CAIRO_STATUS_WRITE_ERROR;
    try {
      sink.write(data, bytes);
      return CAIRO_STATUS_SUCCESS;
    } catch (...) {
      sink.error = std::current_exception();
      return CAIRO_STATUS_WRITE_ERROR;
    }
  }
};

void paint_pdf(int count, double points, const std::function<Drawing(int)>& page,
               const std::function<void(const unsigned char*, std::size_t)>& write) {
  Sink sink{write, nullptr};
  const Surface surface(cairo_pdf_surface_create_for_stream(&Sink::take, &sink, 72, 72));
  check(cairo_surface_status(surface.get()));
  // No date: the same pages give the same bytes.
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE, "");
  for (int index = 0; index < count; ++index) {
    const Drawing drawing = page(index);
    cairo_pdf_surface_set_size(surface.get(), drawing.width * points, drawing.height * points);
    const Context cairo(cairo_create(surface.get()));
    cairo_scale(cairo.get(), points, points);
    paint_drawing(cairo.get(), drawing);
    cairo_show_page(cairo.get());
    check(cairo_status(cairo.get()));
  }
  cairo_surface_finish(surface.get());
  if (sink.error) std::rethrow_exception(sink.error);
  check(cairo_surface_status(surface.get()));
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const Painter* sumi_page() {
  static const Painter table{SUMI_PAGE_STAMP, check_typeface, measure, paint, paint_pdf};
  return &table;
}

}  // namespace sumi::page
