// The page of a report, which the build makes from page.html; the data goes to "@REPORT_DATA@".
#pragma once

namespace sumi {

extern const char* const kReportPage;

}  // namespace sumi
