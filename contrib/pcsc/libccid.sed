# Adds brasskey's reader to those that libccid serves: pcscd starts it for listed vendors and products only.
# sudo sed -i -f contrib/pcsc/libccid.sed /etc/libccid_Info.plist
/<key>ifdVendorID</,/<array>/ s|<array>|&\n\t\t<string>0x1209</string>|
/<key>ifdProductID</,/<array>/ s|<array>|&\n\t\t<string>0x0001</string>|
/<key>ifdFriendlyName</,/<array>/ s|<array>|&\n\t\t<string>brasskey</string>|
