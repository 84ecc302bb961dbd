#include "server/blob/xml.h"

#include <gtest/gtest.h>

namespace scoria::server::storage {
namespace {

TEST(Xml, ReadsElementsTextAndEntities) {
  const auto root = read_xml(
      "\xEF\xBB\xBF<?xml version='1.0'?><!-- c --><a x=\"1 > 0\">\n <b>1 &lt; 2 "
      "&#x41;&#66;</b><c/><b><![CDATA[<&]]></b></a>\n");
  ASSERT_TRUE(root.ok()) << root.error().message;
  EXPECT_EQ(root.value().name, "a");
  EXPECT_EQ(root.value().text, "");
  ASSERT_EQ(root.value().children.size(), 3u);
  EXPECT_EQ(root.value().children[0].text, "1 < 2 AB");
  EXPECT_EQ(root.value().child_text("c"), "");
  EXPECT_EQ(root.value().children[2].text, "<&");
}

TEST(Xml, RefusesWhatIsBrokenAndWhatReachesOutOfTheText) {
  for (const char* text : {"",
                           "x",
                           "<a>",
                           "<a></b>",
                           "<a/><b/>",
                           "<a",
                           "<a b></a>",
                           "<a b=c/>",
                           "<a>&nbsp;</a>",
                           "<a>&</a>",
                           "<a>&#0;</a>",
                           "<a>&#xD800;</a>",
                           "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>",
                           "<a>\x01</a>",
                           "<a>\xFF</a>",
                           "<a><![CDATA[</a>",
                           "<a><!--</a>",
                           "< a/>",
                           "<a></a >x",
                           "<1/>x"}) {
    const auto root = read_xml(text);
    ASSERT_FALSE(root.ok()) << text;
    EXPECT_EQ(root.error().api_code, "InvalidXmlDocument") << text;
  }
}

TEST(Xml, RefusesDepthAndNumbersBeyondItsLimits) {
  std::string deep;
  for (int i = 0; i < 9; ++i) deep += "<a>";
  EXPECT_FALSE(read_xml(deep + "</a></a></a></a></a></a></a></a></a>").ok());
  EXPECT_FALSE(read_xml(std::string(1'000'000, '<')).ok());
  std::string many = "<a>";
  for (int i = 0; i < 200'000; ++i) many += "<b/>";
  EXPECT_FALSE(read_xml(many + "</a>").ok());
}

TEST(Xml, ReadsWhatItWrites) {
  const std::string hostile = "a<b>&\"'\t\r\n\xC3\xA9";
  const auto root = read_xml(XmlWriter().open("r").leaf("t", hostile).leaf("n", std::uint64_t{7}).close("r").take());
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root.value().child_text("t"), hostile);
  EXPECT_EQ(root.value().child_text("n"), "7");
}

TEST(Xml, EncodesNamesThatXmlCannotHold) {
  EXPECT_EQ(XmlWriter().name_leaf("Name", "a\x01/").take(),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Name Encoded=\"true\">a%01%2F</Name>");
  EXPECT_EQ(xml_escape("\x01"), "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace scoria::server::storage
