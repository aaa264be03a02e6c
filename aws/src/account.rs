//! An account to practise with: its users, their MFA devices, policies, sessions and sign-ins.
